# SPDX-License-Identifier: Apache-2.0
"""What an installation of the framework holds, and what else may be built with it."""

import re
import subprocess
import unittest

from installation import BUILD, CMAKE, PROJECT, Installation

CONSUMER = """\
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
{find}
add_executable(consumer main.c)
target_link_libraries(consumer m)
nnrpc_generate(TARGET consumer PROTOS shop/v1/shop.proto IMPORT_DIRS protos PREFIX acme_)
"""

PROTO = """\
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "nnrpc/v1/options.proto";
service ShopService {
  rpc Open(OpenRequest) returns (OpenResponse) { option (nnrpc.v1.role) = ROLE_PUBLIC; }
}
message OpenRequest { google.protobuf.Timestamp when = 1; }
message OpenResponse { string key = 1 [(nnrpc.v1.field) = {sensitive: true}]; }
"""

MAIN = """\
#include <stdio.h>

#include "nnrpc/json.h"
#include "shop/v1/shop.nnrpc.h"

int main(void) {
    Google__Protobuf__Timestamp when = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Shop__V1__OpenRequest request = SHOP__V1__OPEN_REQUEST__INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    request.when = &when;
    if (nnrpc_json_write(&shop_v1_open_request_message, &request.base, NULL, &text) != NNRPC_OK) {
        return 1;
    }
    printf("%s %s %d\\n", acme_shop_service_service.name, nnrpc_buffer_text(&text),
           acme_shop_service_service.methods[0].role == NNRPC_ROLE_PUBLIC);
    return 0;
}
"""
PRINTED = 'shop.v1.ShopService {"when":"1970-01-01T00:00:00Z"} 1\n'

FETCH = """\
include(FetchContent)
FetchContent_Declare(nnrpc SOURCE_DIR {project})
FetchContent_MakeAvailable(nnrpc)
"""

IN_CXX = """\
#include "greeter.nnrpc.h"
{headers}
#include <cstdio>

int main(int, char **arguments) {{
    const char *nowhere = "ipc:///nowhere/at/all";
    nnrpc_status status = {{}};
    nnrpc_client_options options = {{}};
    nnrpc_client *client = nullptr;
    Greeter__V1__GreetRequest request;
    Greeter__V1__GreetResponse *response = nullptr;
    greeter__v1__greet_request__init(&request);
    request.name = arguments[0];
    options.endpoints = &nowhere;
    options.endpoint_count = 1;
    options.timeout_ms = 50;
    if (nnrpc_client_new(&options, &client, &status) != NNRPC_OK) {{
        return 1;
    }}
    nnrpc_code code = greeter_service_greet(client, nullptr, &request, &response, &status);
    std::puts(nnrpc_code_name(code));
    nnrpc_client_free(client);
    nnrpc_status_deinit(&status);
    return 0;
}}
"""


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation()
        cls.addClassCleanup(cls.installation.remove)

    def files(self):
        return [path for path in self.installation.prefix.rglob("*") if path.is_file()]

    def consumer(self, name, find):
        source = self.installation.new_folder(name)
        (source / "protos/shop/v1").mkdir(parents=True)
        (source / "protos/shop/v1/shop.proto").write_text(PROTO)
        (source / "main.c").write_text(MAIN)
        (source / "CMakeLists.txt").write_text(CONSUMER.format(find=find))
        return source

    def pkg_config(self, *options):
        return self.installation.run("pkg-config", *options, "nnrpc", cwd="/").stdout.split()

    def test_no_file_knows_where_it_was_built(self):
        for folder in (PROJECT, BUILD):
            holders = [path for path in self.files() if str(folder).encode() in path.read_bytes()]
            self.assertEqual(holders, [])

    def test_the_shared_library_has_its_name_and_its_links(self):
        library = (self.installation.libraries / "libnnrpc.so").resolve(strict=True)
        dynamic = self.installation.run("readelf", "--dynamic", library, cwd="/").stdout
        soname = re.search(r"SONAME\).*\[(.*)\]", dynamic)[1]
        version = self.pkg_config("--modversion")[0]
        self.assertEqual(library.name, f"libnnrpc.so.{version}")
        self.assertEqual(soname, f"libnnrpc.so.{version.split('.')[0]}")
        self.assertEqual((self.installation.libraries / soname).resolve(), library)

    def test_every_header_compiles_alone(self):
        include = self.installation.prefix / "include"
        for header in sorted(include.rglob("*.h")):
            name = header.relative_to(include)
            if "well-known" in name.parts:
                name = header.relative_to(include / "nnrpc/well-known")
            result = subprocess.run(
                ["cc", "-std=c11", "-fsyntax-only", "-x", "c", "-", *self.pkg_config("--cflags")],
                input=f'#include "{name}"\n', capture_output=True, text=True, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, ""), name)

    def test_protos_may_import_what_is_installed(self):
        source = self.consumer("imports", "find_package(nnrpc 1 REQUIRED)")
        build = self.installation.build_with_cmake(source)
        self.assertEqual(self.installation.run(build / "consumer", cwd=source).stdout, PRINTED)

    def test_a_project_may_contain_the_sources(self):
        source = self.consumer("contains", FETCH.format(project=PROJECT))
        build = self.installation.build_with_cmake(source, "-DCMAKE_BUILD_TYPE=Release")
        self.assertEqual(self.installation.run(build / "consumer", cwd=source).stdout, PRINTED)
        self.assertEqual(list(build.rglob("contactd*")), [])

    def test_another_major_version_is_refused(self):
        source = self.consumer("too_new", "find_package(nnrpc 2 REQUIRED)")
        result = self.installation.run(
            CMAKE, "-S", source, "-B", source / "build",
            f"-DCMAKE_PREFIX_PATH={self.installation.prefix}", cwd=source, check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn('compatible with requested version "2"', " ".join(result.stdout.split()))

    def test_cxx_may_use_all_headers_and_make_calls(self):
        folder = self.installation.build_with_make(self.installation.copy_example("cxx"))
        include = self.installation.prefix / "include"
        headers = [f"#include <{path.relative_to(include)}>"
                   for path in sorted((include / "nnrpc").glob("*.h"))]
        (folder / "main.cc").write_text(IN_CXX.format(headers="\n".join(headers)))
        self.installation.run(
            "g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I.", "main.cc", "greeter.pb-c.o",
            "greeter.nnrpc.o", "-o", "main", *self.pkg_config("--cflags", "--libs"), cwd=folder)
        result = self.installation.run(
            folder / "main", cwd=folder, LD_LIBRARY_PATH=str(self.installation.libraries))
        self.assertEqual(result.stdout, "UNAVAILABLE\n")


if __name__ == "__main__":
    unittest.main()
