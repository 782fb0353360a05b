# SPDX-License-Identifier: Apache-2.0
# The framework as others install it, component "nnrpc":
#
#   bin/protoc-gen-nnrpc, bin/protoc-gen-nnrpc-c     the generators
#   include/nnrpc/                                   the runtime's headers, and v1/ of its services
#   include/nnrpc/well-known/google/protobuf/        protobuf's own messages, as C
#   lib/libnnrpc.so, lib/libnnrpc.a                  the runtime
#   lib/cmake/nnrpc/, lib/pkgconfig/nnrpc.pc         how builds find it
#   share/nnrpc/proto/nnrpc/v1/                      what a .proto may import
#   share/doc/nnrpc/                                 tutorial, comparison, how it works, example
#
# The command line client comes from cli/.
#
# Included by rpc/CMakeLists.txt, after the library is complete.
include(CMakePackageConfigHelpers)

if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR} OR IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
  message(FATAL_ERROR "The install folders are given relative to the prefix, so that it can move")
endif()
set(NNRPC_INSTALL_PROTODIR ${CMAKE_INSTALL_DATAROOTDIR}/nnrpc/proto)
set(NNRPC_INSTALL_DOCDIR ${CMAKE_INSTALL_DATAROOTDIR}/doc/nnrpc)
set(NNRPC_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/nnrpc)
set(NNRPC_INSTALL_PKGCONFIGDIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# --- Libraries ---

# Every name is hidden that a public header does not declare. What is made of .proto files has no
# say in this: all of it is public.
get_target_property(sources nnrpc SOURCES)
set(generated_headers)
foreach(source IN LISTS sources)
  if(source MATCHES "\\.(pb-c|nnrpc)\\.c$")
    set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -fvisibility=default)
  elseif(source MATCHES "\\.(pb-c|nnrpc)\\.h$")
    list(APPEND generated_headers ${source})
  endif()
endforeach()
# No path of this machine in what assertions say; and a program can leave out what it does not use.
target_compile_options(nnrpc PRIVATE
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/= -ffunction-sections -fdata-sections)
set_target_properties(nnrpc PROPERTIES C_VISIBILITY_PRESET hidden)

# What both libraries ask of those who use them.
add_library(nnrpc_headers INTERFACE)
target_include_directories(nnrpc_headers INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/nnrpc/well-known>)
target_link_libraries(nnrpc_headers INTERFACE PkgConfig::PROTOBUF_C)
target_compile_features(nnrpc_headers INTERFACE c_std_11)
set_target_properties(nnrpc_headers PROPERTIES EXPORT_NAME headers)

add_library(nnrpc_shared SHARED $<TARGET_OBJECTS:nnrpc>)
add_dependencies(nnrpc_shared nnrpc)
set_target_properties(nnrpc_shared PROPERTIES
  OUTPUT_NAME nnrpc
  LINKER_LANGUAGE C
  VERSION ${NNRPC_VERSION}
  SOVERSION ${NNRPC_ABI_VERSION}
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/nnrpc.map)
target_link_libraries(nnrpc_shared
  PUBLIC nnrpc_headers
  PRIVATE PkgConfig::SODIUM PkgConfig::JANSSON PkgConfig::NANOMSG Threads::Threads)
target_link_options(nnrpc_shared PRIVATE
  LINKER:--version-script=${CMAKE_CURRENT_SOURCE_DIR}/nnrpc.map)
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize=")
  target_link_options(nnrpc_shared PRIVATE LINKER:--no-undefined)
endif()
nnrpc_harden(nnrpc_shared)

# An archive has no hidden names of its own: any other library's would clash with them. So the one
# that is installed is a single object in which they are local.
set(archive_dir ${CMAKE_CURRENT_BINARY_DIR}/archive)
set(archive ${archive_dir}/libnnrpc.a)
file(MAKE_DIRECTORY ${archive_dir})
add_custom_command(
  OUTPUT ${archive}
  COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${archive_dir}/nnrpc.o $<TARGET_OBJECTS:nnrpc>
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden --strip-debug ${archive_dir}/nnrpc.o
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} crs ${archive} ${archive_dir}/nnrpc.o
  DEPENDS nnrpc $<TARGET_OBJECTS:nnrpc>
  COMMENT "Making the archive that is installed"
  COMMAND_EXPAND_LISTS
  VERBATIM)
add_custom_target(nnrpc_archive ALL DEPENDS ${archive})
set_target_properties(nnrpc_archive PROPERTIES ARCHIVE ${archive})

# --- Installation ---

install(
  TARGETS protoc-gen-nnrpc protoc-gen-nnrpc-c nnrpc_shared nnrpc_headers
  EXPORT nnrpc COMPONENT nnrpc)
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT nnrpc)

install(DIRECTORY include/nnrpc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT nnrpc
  FILES_MATCHING PATTERN "*.h")
set(proto_dir ${CMAKE_CURRENT_SOURCE_DIR}/../proto)
foreach(header IN LISTS generated_headers)
  if(header MATCHES "/(nnrpc/v1)/([^/]+)$")
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${CMAKE_MATCH_1}
      COMPONENT nnrpc)
    if(CMAKE_MATCH_2 MATCHES "^(.*)\\.pb-c\\.h$")
      install(FILES ${proto_dir}/nnrpc/v1/${CMAKE_MATCH_1}.proto
        DESTINATION ${NNRPC_INSTALL_PROTODIR}/nnrpc/v1 COMPONENT nnrpc)
    endif()
  else()
    install(FILES ${header}
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nnrpc/well-known/google/protobuf COMPONENT nnrpc)
  endif()
endforeach()

install(EXPORT nnrpc FILE nnrpcTargets.cmake NAMESPACE nnrpc::
  DESTINATION ${NNRPC_INSTALL_CMAKEDIR} COMPONENT nnrpc)
configure_package_config_file(
  cmake/nnrpcConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/nnrpcConfig.cmake
  INSTALL_DESTINATION ${NNRPC_INSTALL_CMAKEDIR}
  PATH_VARS CMAKE_INSTALL_LIBDIR NNRPC_INSTALL_PROTODIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/nnrpcConfigVersion.cmake
  VERSION ${NNRPC_VERSION} COMPATIBILITY SameMajorVersion)
install(
  FILES
    ${CMAKE_CURRENT_BINARY_DIR}/nnrpcConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/nnrpcConfigVersion.cmake
    cmake/NnrpcGenerate.cmake
  DESTINATION ${NNRPC_INSTALL_CMAKEDIR} COMPONENT nnrpc)

# The package may be moved as a whole, so its files find each other from where they lie.
file(RELATIVE_PATH to_prefix /${NNRPC_INSTALL_PKGCONFIGDIR} /)
string(REGEX REPLACE "/$" "" NNRPC_PC_TO_PREFIX ${to_prefix})
configure_file(cmake/nnrpc.pc.in nnrpc.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nnrpc.pc DESTINATION ${NNRPC_INSTALL_PKGCONFIGDIR}
  COMPONENT nnrpc)

install(
  FILES
    ../docs/ARCHITECTURE.md
    ../docs/COMPARISON.md
    ../docs/GENERATOR.md
    ../docs/TUTORIAL.md
  DESTINATION ${NNRPC_INSTALL_DOCDIR} COMPONENT nnrpc)
install(DIRECTORY ../examples/greeter DESTINATION ${NNRPC_INSTALL_DOCDIR}/examples
  COMPONENT nnrpc)
