# SPDX-License-Identifier: BSL-1.0
#
#     conan create packaging/conan --build=missing
#     conan create packaging/conan -o '&:with_stack=False'    the part for the standard library alone

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class ForestConan(ConanFile):
    name = "forest"
    description = "Health-check client and route, header-only C++20"
    license = "BSL-1.0"
    topics = ("health-check", "monitoring", "header-only", "asio")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_stack": [True, False]}
    default_options = {"with_stack": True}
    no_copy_source = True

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        header = load(self, os.path.join(self._root, "include", "forest", "version.hpp"))
        self.version = re.search(r'string_view version = "([0-9.]+)"', header)[1]

    def export(self):
        # What set_version reads, for the recipe in the cache.
        copy(self, "version.hpp", os.path.join(self._root, "include", "forest"),
             os.path.join(self.export_folder, "include", "forest"))

    def export_sources(self):
        for pattern in ("include/*", "LICENSE"):
            copy(self, pattern, self._root, self.export_sources_folder)

    def requirements(self):
        if self.options.with_stack:
            self.requires("asio/[>=1.22 <2]", transitive_headers=True)
            self.requires("fmt/[>=9 <13]", transitive_headers=True)
            self.requires("openssl/[>=3 <4]", transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration("forest needs a POSIX system")

    def package_id(self):
        self.info.settings.clear()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for pattern in ("*.hpp", "*.ipp"):
            copy(self, pattern, os.path.join(self.source_folder, "include"),
                 os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "forest")
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "forest::core")
        core.set_property("pkg_config_name", "forest-core")
        core.bindirs = core.libdirs = []
        if self.options.with_stack:
            stack = self.cpp_info.components["forest"]
            stack.set_property("cmake_target_name", "forest::forest")
            stack.set_property("pkg_config_name", "forest")
            stack.requires = ["core", "asio::asio", "fmt::fmt", "openssl::ssl", "openssl::crypto"]
            stack.bindirs = stack.libdirs = []
            if self.settings.os in ("Linux", "FreeBSD"):
                stack.system_libs = ["pthread"]
