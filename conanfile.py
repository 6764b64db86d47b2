"""The Conan package of OpenLTS, built from this repository: docs/cpp.md, "Conan"."""

from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load


class OpenLTS(ConanFile):
    name = "openlts"
    description = "License authorization and usage metering for native SDKs"
    license = "MIT"
    author = "The OpenLTS authors"
    url = "https://github.com/openlts/openlts"
    homepage = "https://github.com/openlts/openlts"
    topics = ("licensing", "metering")
    settings = "os", "arch", "compiler", "build_type"
    package_type = "shared-library"
    languages = "C", "C++"
    # What the library is built from. Go fetches the modules that go.sum names.
    exports_sources = (
        "CMakeLists.txt",
        "LICENSE",
        "VERSION",
        "go.mod",
        "go.sum",
        "build/library",
        "build/cmake/*",
        "capi/*",
        "!capi/test/*",
        "core/*",
        "include/*",
    )

    def set_version(self) -> None:
        self.version = load(self, Path(self.recipe_folder) / "VERSION").strip()

    def validate(self) -> None:
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(
                "OpenLTS has a Conan package for Linux only; see docs/cpp.md for other systems."
            )

    def package_id(self) -> None:
        # The library is optimized and stripped whatever the program is, and its ABI is that of C.
        del self.info.settings.build_type
        del self.info.settings.compiler

    def layout(self) -> None:
        cmake_layout(self, build_folder="out/cmake/conan")

    def generate(self) -> None:
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["OPENLTS_BUILD_TESTS"] = False
        toolchain.cache_variables["OPENLTS_BUILD_EXAMPLES"] = False
        toolchain.cache_variables["BUILD_TESTING"] = False
        toolchain.generate()

    def build(self) -> None:
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self) -> None:
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, Path(self.package_folder) / "licenses")

    def package_info(self) -> None:
        self.cpp_info.set_property("cmake_file_name", "openlts")
        self.cpp_info.set_property("pkg_config_name", "openlts")
        self.cpp_info.components["c"].libs = ["openlts"]
        self.cpp_info.components["c"].set_property("cmake_target_name", "openlts::openlts")
        self.cpp_info.components["cpp"].requires = ["c"]
        self.cpp_info.components["cpp"].set_property("cmake_target_name", "openlts::cpp")
