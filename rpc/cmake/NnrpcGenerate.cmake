# SPDX-License-Identifier: Apache-2.0
# C code from .proto files.
#
#   nnrpc_generate(TARGET target PROTOS file.proto...
#                  [IMPORT_DIRS folder...] [OUTPUT_DIR folder] [PREFIX name]
#                  [FULL_NAMES] [SKIP_STREAMING])
#
# Runs protoc with protoc-gen-nnrpc-c (which runs protoc-gen-c) and protoc-gen-nnrpc when the
# program is built, and adds to the target what comes out: x/y.pb-c.{c,h} and x/y.nnrpc.{c,h} for
# each x/y.proto. The target is linked with nnrpc::nnrpc.
#
#   TARGET       a library or program of the current folder
#   PROTOS       files as other files import them ("contacts/v1/contact.proto"), or paths
#   IMPORT_DIRS  where imports start; the current source folder unless given. Google's own files and
#                nnrpc's are found without being named here.
#   OUTPUT_DIR   where the code goes, and a PUBLIC include folder of the target; "generated" in the
#                current build folder unless given
#   PREFIX       stands before the functions of every service ("acme_")
#   FULL_NAMES   these functions begin with the service's package ("grpc_health_v1_health_check")
#   SKIP_STREAMING
#                leaves methods that stream out of the services; without it they are errors
#
# What a file imports is not generated unless it is named too, here or for a library that the target
# is linked with. A file is generated again when it, a file that it imports, or a generator changes.
# Warnings in what protoc-gen-c writes are silenced; what protoc-gen-nnrpc writes is compiled like
# any other source.
#
# Whose generators do not run on the machine that builds, when cross-compiling, names ones that do
# in NNRPC_PROTOC_GEN_NNRPC and NNRPC_PROTOC_GEN_NNRPC_C. protoc and protoc-gen-c are looked for in
# PATH, or named in PROTOC and PROTOC_GEN_C.

# Appends to `out_files` what a .proto imports, directly or not, as far as the folders have it.
function(_nnrpc_imports proto folders out_files)
  set(found ${${out_files}})
  file(STRINGS ${proto} lines REGEX "^[ \t]*import[ \t]")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${proto})
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^[ \t]*import[ \t]+(public[ \t]+|weak[ \t]+)?[\"']([^\"']+)[\"']")
      continue()
    endif()
    set(import ${CMAKE_MATCH_2})
    foreach(folder IN LISTS folders)
      if(EXISTS ${folder}/${import})
        if(NOT ${folder}/${import} IN_LIST found)
          list(APPEND found ${folder}/${import})
          _nnrpc_imports(${folder}/${import} "${folders}" found)
        endif()
        break()
      endif()
    endforeach()
  endforeach()
  set(${out_files} ${found} PARENT_SCOPE)
endfunction()

# Says under which name a file is imported and where it is.
function(_nnrpc_locate proto folders out_name out_path)
  foreach(folder IN LISTS folders)
    if(EXISTS ${folder}/${proto})
      set(${out_name} ${proto} PARENT_SCOPE)
      set(${out_path} ${folder}/${proto} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  get_filename_component(path ${proto} ABSOLUTE)
  foreach(folder IN LISTS folders)
    cmake_path(IS_PREFIX folder ${path} NORMALIZE inside)
    if(inside AND EXISTS ${path})
      file(RELATIVE_PATH name ${folder} ${path})
      set(${out_name} ${name} PARENT_SCOPE)
      set(${out_path} ${path} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "nnrpc_generate: ${proto} is in none of: ${folders}")
endfunction()

# Links a target with the runtime. Not by target_link_libraries(), whose plain and keyword forms do
# not mix: either may be what the target's own folder uses.
function(_nnrpc_link target)
  set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES nnrpc::nnrpc)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL "EXECUTABLE")
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES nnrpc::nnrpc)
  endif()
endfunction()

function(nnrpc_generate)
  cmake_parse_arguments(
    PARSE_ARGV 0 arg "FULL_NAMES;SKIP_STREAMING" "TARGET;OUTPUT_DIR;PREFIX" "PROTOS;IMPORT_DIRS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_TARGET OR NOT arg_PROTOS)
    message(FATAL_ERROR "nnrpc_generate(TARGET target PROTOS file... [IMPORT_DIRS folder...] "
                        "[OUTPUT_DIR folder] [PREFIX name] [FULL_NAMES] [SKIP_STREAMING])")
  endif()
  find_program(PROTOC protoc REQUIRED)
  find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)
  find_path(PROTOBUF_INCLUDE_DIR google/protobuf/descriptor.proto REQUIRED)
  if(NOT arg_IMPORT_DIRS)
    set(arg_IMPORT_DIRS ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  if(NOT arg_OUTPUT_DIR)
    set(arg_OUTPUT_DIR ${CMAKE_CURRENT_BINARY_DIR}/generated)
  endif()
  get_filename_component(output ${arg_OUTPUT_DIR} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})

  set(folders)
  set(options)
  get_property(own_protos GLOBAL PROPERTY NNRPC_PROTO_DIR)
  foreach(folder IN LISTS arg_IMPORT_DIRS ITEMS ${own_protos} ${PROTOBUF_INCLUDE_DIR})
    get_filename_component(folder ${folder} ABSOLUTE)
    if(NOT folder IN_LIST folders)
      list(APPEND folders ${folder})
      list(APPEND options -I${folder})
    endif()
  endforeach()

  set(names)
  set(inputs)
  set(pb_sources)
  set(nnrpc_sources)
  set(headers)
  foreach(proto IN LISTS arg_PROTOS)
    _nnrpc_locate(${proto} "${folders}" name path)
    list(APPEND names ${name})
    list(APPEND inputs ${path})
    _nnrpc_imports(${path} "${folders}" inputs)
    string(REGEX REPLACE "\\.proto$" "" stem ${name})
    list(APPEND pb_sources ${output}/${stem}.pb-c.c)
    list(APPEND nnrpc_sources ${output}/${stem}.nnrpc.c)
    list(APPEND headers ${output}/${stem}.pb-c.h ${output}/${stem}.nnrpc.h)
  endforeach()
  list(REMOVE_DUPLICATES inputs)
  if(arg_PREFIX)
    list(APPEND options --nnrpc_opt=prefix=${arg_PREFIX})
  endif()
  if(arg_FULL_NAMES)
    list(APPEND options --nnrpc_opt=full_names)
  endif()
  if(arg_SKIP_STREAMING)
    list(APPEND options --nnrpc_opt=skip_streaming)
  endif()

  set(plugin $<TARGET_FILE:nnrpc::protoc-gen-nnrpc>)
  set(c_plugin $<TARGET_FILE:nnrpc::protoc-gen-nnrpc-c>)
  if(NNRPC_PROTOC_GEN_NNRPC)
    set(plugin ${NNRPC_PROTOC_GEN_NNRPC})
  endif()
  if(NNRPC_PROTOC_GEN_NNRPC_C)
    set(c_plugin ${NNRPC_PROTOC_GEN_NNRPC_C})
  endif()
  file(MAKE_DIRECTORY ${output})
  add_custom_command(
    OUTPUT ${headers} ${pb_sources} ${nnrpc_sources}
    COMMAND
      ${PROTOC} --plugin=protoc-gen-nnrpc=${plugin} --nnrpc_out=${output}
      --plugin=protoc-gen-nnrpc-c=${c_plugin} --nnrpc-c_out=${output}
      --nnrpc-c_opt=plugin=${PROTOC_GEN_C} ${options} ${names}
    DEPENDS ${inputs} ${plugin} ${c_plugin}
    COMMENT "Generating code from .proto files for ${arg_TARGET}"
    VERBATIM)
  set_source_files_properties(${pb_sources} PROPERTIES COMPILE_OPTIONS -w)
  target_sources(${arg_TARGET} PRIVATE ${headers} ${pb_sources} ${nnrpc_sources})
  target_include_directories(${arg_TARGET} PUBLIC $<BUILD_INTERFACE:${output}>)
  if(NOT arg_TARGET STREQUAL "nnrpc")
    _nnrpc_link(${arg_TARGET})
  endif()
  # A target that is linked needs the headers before its users compile; Ninja and Make order whole
  # targets only where a dependency says so.
  get_target_property(calls ${arg_TARGET} NNRPC_GENERATE_CALLS)
  if(NOT calls)
    set(calls 0)
  endif()
  math(EXPR calls "${calls} + 1")
  set_target_properties(${arg_TARGET} PROPERTIES NNRPC_GENERATE_CALLS ${calls})
  add_custom_target(${arg_TARGET}_protos_${calls} DEPENDS ${headers})
  add_dependencies(${arg_TARGET} ${arg_TARGET}_protos_${calls})
endfunction()
