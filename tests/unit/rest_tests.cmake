# SPDX-License-Identifier: Apache-2.0
# The tests of gateway/rest: on rules of every kind, and on the contacts' own.
add_library(unit_odd_rules STATIC)
target_link_libraries(unit_odd_rules PUBLIC nnrpc)
nnrpc_generate(
  TARGET unit_odd_rules
  IMPORT_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/proto ${PROJECT_SOURCE_DIR}/proto
  PROTOS odd_rules.proto)

add_library(unit_rest_try STATIC rest_try.c)
target_compile_definitions(unit_rest_try PRIVATE _GNU_SOURCE)
target_link_libraries(unit_rest_try
  PUBLIC unit_odd_rules gateway_services gateway_rest gateway_http PkgConfig::CMOCKA)
foreach(name IN ITEMS paths query body masks conditions headers answers errors)
  nnrpc_unit_test(rest_${name} unit_rest_try)
endforeach()

# Its own malloc() and relatives, for the libraries too.
nnrpc_unit_test(rest_faults unit_rest_try)
target_link_options(test_rest_faults PRIVATE
  LINKER:--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup)
