# SPDX-License-Identifier: Apache-2.0
# The store's tests: each has a store of its own in a fresh folder and ends with the consistency
# check.
add_library(store_fixture STATIC store_fixture.c store_folder.c store_model.c)
target_compile_definitions(store_fixture PRIVATE _GNU_SOURCE)
target_link_libraries(store_fixture PUBLIC
  contacts_store contacts_api nnrpc PkgConfig::CMOCKA Threads::Threads)

nnrpc_unit_test(store_contacts store_fixture)
nnrpc_unit_test(store_import store_fixture)
nnrpc_unit_test(store_customers store_fixture)
nnrpc_unit_test(store_presets store_fixture)
nnrpc_unit_test(store_requests store_fixture)
nnrpc_unit_test(store_lists store_fixture)
nnrpc_unit_test(store_customer_lists store_fixture)
nnrpc_unit_test(store_writer store_fixture)
nnrpc_unit_test(store_changes store_fixture)
nnrpc_unit_test(store_open store_fixture)

# Engine and clock fail when the test says so.
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
nnrpc_unit_test(store_faults store_fixture PkgConfig::LMDB)
target_link_options(test_store_faults PRIVATE
  -Wl,--wrap=mdb_put,--wrap=mdb_txn_commit,--wrap=clock_gettime)
nnrpc_unit_test(store_model store_fixture)
nnrpc_unit_test(store_log store_fixture)

# The machine restarts and the disk fails when the test says so.
nnrpc_unit_test(store_durability store_fixture)
target_link_options(test_store_durability PRIVATE
  -Wl,--wrap=checkpoint_boot_id,--wrap=fdatasync)
nnrpc_unit_test(store_check store_fixture)

# What it does to files comes by functions of its own.
nnrpc_unit_test(store_power_loss store_fixture)
target_sources(test_store_power_loss PRIVATE power_loss.c)
target_link_options(test_store_power_loss PRIVATE -Wl,--wrap=checkpoint_boot_id)

# The same with the other form of durability.
foreach(name contacts customers requests writer changes open faults model)
  add_test(NAME unit.store_${name}_lmdb COMMAND test_store_${name})
  set_tests_properties(unit.store_${name}_lmdb PROPERTIES
    TIMEOUT 120 LABELS unit ENVIRONMENT STORE_DURABILITY=lmdb)
endforeach()
