# SPDX-License-Identifier: GPL-3.0-or-later
#
# Find out whether CUDA code can be built. Sets
#   CFISAC_CUDA  LibTorch has CUDA, and the CUDA toolkit with its compiler is there
# and then adds headers, libraries and the macro CFISAC_CUDA to the target cfisac_torch. The
# toolkit is found as CMake finds it (nvcc on the PATH, CUDACXX, CUDAToolkit_ROOT). Kernels are
# compiled for CMAKE_CUDA_ARCHITECTURES, by default Ampere to Hopper with code for later ones.

include_guard(DIRECTORY)

option(ENABLE_CUDA "Build CUDA code where LibTorch has CUDA" ON)
set(CFISAC_CUDA OFF)
set(_cfisac_torch_lib "${_cfisac_torch_prefix}/lib")
if(NOT ENABLE_CUDA OR NOT EXISTS "${_cfisac_torch_lib}/libc10_cuda.so")
    return()
endif()
include(CheckLanguage)
check_language(CUDA)
find_package(CUDAToolkit QUIET)
if(NOT CMAKE_CUDA_COMPILER OR NOT CUDAToolkit_FOUND)
    message(STATUS "LibTorch has CUDA, but the CUDA toolkit was not found: "
                   "without kernels of our own, device frames and graphs")
    return()
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80 86 90 CACHE STRING "Compute capabilities")
endif()
enable_language(CUDA)
# CMake does not know the standards of an nvcc that is newer than itself.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
set(CMAKE_CUDA_STANDARD ${CMAKE_CXX_STANDARD})
set(CFISAC_CUDA ON)
# Part of cfisac_torch, as all that use the precompiled header of LibTorch must agree.
target_compile_definitions(cfisac_torch INTERFACE CFISAC_CUDA)
target_include_directories(cfisac_torch SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
target_link_libraries(
    cfisac_torch INTERFACE "${_cfisac_torch_lib}/libtorch_cuda.so"
                           "${_cfisac_torch_lib}/libc10_cuda.so" CUDA::cudart)
message(STATUS "CUDA ${CUDAToolkit_VERSION}: kernels for ${CMAKE_CUDA_ARCHITECTURES}")
