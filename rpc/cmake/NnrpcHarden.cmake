# SPDX-License-Identifier: Apache-2.0
# nnrpc_harden(TARGET...): position-independent code, a PIE where the target is a program, and
# checked string functions where the compiler optimises (they do nothing otherwise).
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

function(nnrpc_harden)
  foreach(target IN LISTS ARGN)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${target} PRIVATE
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>)
  endforeach()
endfunction()
