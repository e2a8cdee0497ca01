# SPDX-License-Identifier: GPL-3.0-or-later
#
# Find LibTorch 1.13 or newer and define the target cfisac_torch.
#
# LibTorch of a distribution, of the LibTorch archive and of a Python wheel are all found
# through their own TorchConfig.cmake; for a wheel give its folder, as in
#   -DCMAKE_PREFIX_PATH=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)')
#
# TorchConfig.cmake of a CUDA build insists on the CUDA toolkit of its own release and takes
# libtorch.so from the system's folders if one is there. We compile no CUDA source, so the
# libraries of a CUDA build are linked directly; -DCFISAC_TORCH_DIRECT=OFF asks
# TorchConfig.cmake in any case.
#
# Also for users of the installed library. Their cfisacConfig.cmake sets _cfisac_torch_release,
# the one that the library was built with, and _cfisac_torch_hints, folders to look into first.
# It finds what is wrong in _cfisac_torch_missing, which is fatal here.

include_guard(DIRECTORY)
if(TARGET cfisac_torch)
    return()
endif()

# A macro, which returns from this file.
set(_cfisac_torch_missing "")
macro(_cfisac_torch_fails)
    string(CONCAT _cfisac_torch_missing ${ARGN})
    if(NOT DEFINED _cfisac_torch_release)
        message(FATAL_ERROR "${_cfisac_torch_missing}")
    endif()
    return()
endmacro()

set(_cfisac_torch_prefixes ${CMAKE_PREFIX_PATH})
if(DEFINED ENV{CMAKE_PREFIX_PATH})
    file(TO_CMAKE_PATH "$ENV{CMAKE_PREFIX_PATH}" _cfisac_torch_environment)
    list(APPEND _cfisac_torch_prefixes ${_cfisac_torch_environment})
endif()
find_path(
    CFISAC_TORCH_CONFIG_DIR TorchConfig.cmake
    HINTS ${_cfisac_torch_hints} ${Torch_DIR} ${_cfisac_torch_prefixes}
    PATHS /usr /usr/local
    PATH_SUFFIXES Torch share/cmake/Torch lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/Torch
                  lib/cmake/Torch
    NO_DEFAULT_PATH
    DOC "Folder of TorchConfig.cmake")
mark_as_advanced(CFISAC_TORCH_CONFIG_DIR)
if(NOT CFISAC_TORCH_CONFIG_DIR)
    _cfisac_torch_fails(
        "LibTorch not found. Install libtorch-dev, or point CMAKE_PREFIX_PATH to LibTorch or "
        "to what python3 -c 'import torch; print(torch.utils.cmake_prefix_path)' prints.")
endif()

# An own prefix (archive, wheel) keeps headers and libraries in PREFIX/include and PREFIX/lib.
get_filename_component(_cfisac_torch_prefix "${CFISAC_TORCH_CONFIG_DIR}/../../.." ABSOLUTE)
set(_cfisac_torch_has_cuda OFF)
if(EXISTS "${_cfisac_torch_prefix}/lib/libtorch_cuda.so")
    set(_cfisac_torch_has_cuda ON)
endif()
option(CFISAC_TORCH_DIRECT "Link LibTorch's libraries without TorchConfig.cmake"
       ${_cfisac_torch_has_cuda})
mark_as_advanced(CFISAC_TORCH_DIRECT)

add_library(cfisac_torch INTERFACE IMPORTED GLOBAL)

if(CFISAC_TORCH_DIRECT)
    file(STRINGS "${CFISAC_TORCH_CONFIG_DIR}/TorchConfigVersion.cmake" _cfisac_torch_line
         REGEX "set\\(PACKAGE_VERSION \"[0-9.]+")
    string(REGEX MATCH "[0-9]+\\.[0-9]+[0-9.]*" Torch_VERSION "${_cfisac_torch_line}")
    file(STRINGS "${CFISAC_TORCH_CONFIG_DIR}/TorchConfig.cmake" _cfisac_torch_line
         REGEX "-D_GLIBCXX_USE_CXX11_ABI=")
    string(REGEX MATCH "-D_GLIBCXX_USE_CXX11_ABI=[01]" TORCH_CXX_FLAGS
                 "${_cfisac_torch_line}")
    set(_cfisac_torch_lib "${_cfisac_torch_prefix}/lib")
    # libtorch.so carries the CUDA library; keep it although no symbol of it is referred to.
    target_link_libraries(
        cfisac_torch
        INTERFACE
            "-Wl,--push-state,--no-as-needed,${_cfisac_torch_lib}/libtorch.so,--pop-state"
            "${_cfisac_torch_lib}/libtorch_cpu.so" "${_cfisac_torch_lib}/libc10.so"
            Threads::Threads)
    target_link_options(
        cfisac_torch INTERFACE "-Wl,--allow-shlib-undefined"
        "-Wl,-rpath,${_cfisac_torch_lib}")
    target_include_directories(
        cfisac_torch SYSTEM
        INTERFACE "${_cfisac_torch_prefix}/include"
                  "${_cfisac_torch_prefix}/include/torch/csrc/api/include")
    if(TORCH_CXX_FLAGS)
        target_compile_options(cfisac_torch INTERFACE ${TORCH_CXX_FLAGS})
    endif()
else()
    find_package(Torch REQUIRED CONFIG HINTS "${CFISAC_TORCH_CONFIG_DIR}")
    # The target `torch` carries include folders, compile options and its parts.
    target_link_libraries(cfisac_torch INTERFACE ${TORCH_LIBRARIES} Threads::Threads)
endif()

message(STATUS "LibTorch ${Torch_VERSION}: ${CFISAC_TORCH_CONFIG_DIR}")
if(Torch_VERSION VERSION_LESS 1.13)
    _cfisac_torch_fails(
        "LibTorch ${Torch_VERSION} is too old, 1.13 is needed. Use a newer LibTorch: "
        "-DCMAKE_PREFIX_PATH=$(python3 -c 'import torch; "
        "print(torch.utils.cmake_prefix_path)')")
endif()
# Newer releases refuse to be compiled as C++17.
foreach(_cfisac_torch_include "${_cfisac_torch_prefix}/include" ${TORCH_INCLUDE_DIRS})
    if(EXISTS "${_cfisac_torch_include}/ATen/ATen.h")
        file(STRINGS "${_cfisac_torch_include}/ATen/ATen.h" _cfisac_torch_line
             REGEX "C\\+\\+20 or later")
        if(_cfisac_torch_line)
            target_compile_features(cfisac_torch INTERFACE cxx_std_20)
            if(CMAKE_CXX_STANDARD AND CMAKE_CXX_STANDARD LESS 20)
                set(CMAKE_CXX_STANDARD 20)
            endif()
        endif()
    endif()
endforeach()
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    _cfisac_torch_fails(
        "This LibTorch was compiled with the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0) and "
        "cannot be linked with the distribution's yaml-cpp, GoogleTest or GNU Radio. Use the "
        "cxx11-abi archive or a wheel of version 2.7 or newer.")
endif()
# The library and its users must have the same.
if(DEFINED _cfisac_torch_release)
    string(REGEX MATCH "^[0-9]+\\.[0-9]+" _cfisac_torch_wanted "${_cfisac_torch_release}")
    string(REGEX MATCH "^[0-9]+\\.[0-9]+" _cfisac_torch_present "${Torch_VERSION}")
    if(NOT _cfisac_torch_wanted STREQUAL _cfisac_torch_present)
        _cfisac_torch_fails(
            "cfisac was built with LibTorch ${_cfisac_torch_release}, and this is "
            "${Torch_VERSION} (${CFISAC_TORCH_CONFIG_DIR})")
    endif()
endif()
