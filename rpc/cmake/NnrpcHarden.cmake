# SPDX-License-Identifier: Apache-2.0
# Hardening as properties of targets, so that nothing depends on global flags.
#
#   nnrpc_harden(TARGET...)            hardens these targets
#   nnrpc_harden_folder(FOLDER)        hardens every library and program of a folder and below it
#
# Position-independent code and programs, stack protection, read-only relocations resolved at start,
# no executable stack; checked string functions where the compiler optimises (without it they do
# nothing, and sanitizers look at the same things themselves).
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

function(nnrpc_harden)
  foreach(target IN LISTS ARGN)
    get_target_property(hardened ${target} NNRPC_HARDENED)
    if(hardened)
      continue()
    endif()
    set_target_properties(${target} PROPERTIES
      NNRPC_HARDENED ON
      POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${target} PRIVATE
      -fstack-protector-strong
      -fstack-clash-protection
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>)
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "STATIC_LIBRARY" AND NOT type STREQUAL "OBJECT_LIBRARY")
      target_link_options(${target} PRIVATE
        LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
    endif()
  endforeach()
endfunction()

function(nnrpc_harden_folder folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "^(EXECUTABLE|(STATIC|SHARED|MODULE|OBJECT)_LIBRARY)$")
      nnrpc_harden(${target})
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(subfolder IN LISTS folders)
    nnrpc_harden_folder(${subfolder})
  endforeach()
endfunction()
