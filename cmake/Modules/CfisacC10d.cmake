# SPDX-License-Identifier: GPL-3.0-or-later
#
# Training in several processes: which parts of LibTorch's c10d are there. Sets
#   CFISAC_C10D  TCPStore and Gloo: LibTorch has them and their headers are found (libgloo-dev)
#   CFISAC_NCCL  NCCL as well: a LibTorch with CUDA, nccl.h and the CUDA headers
# and the target cfisac_c10d with what they need. CUDA is found in CUDAToolkit_ROOT or
# /usr/local/cuda; nccl.h there, too, or in the compiler's folders.

include_guard(DIRECTORY)
include(CheckCXXSourceCompiles)

set(CMAKE_REQUIRED_LIBRARIES cfisac_torch)
set(CMAKE_REQUIRED_QUIET ON)
set(CMAKE_REQUIRED_DEFINITIONS -DUSE_DISTRIBUTED -DUSE_C10D_GLOO)
check_cxx_source_compiles(
    "#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
int main()
{
    auto store = c10::make_intrusive<c10d::TCPStore>(\"localhost\");
    c10d::ProcessGroupGloo group(store, 0, 1);
    return group.getSize();
}"
    CFISAC_C10D)

set(CFISAC_NCCL OFF)
if(CFISAC_C10D)
    add_library(cfisac_c10d INTERFACE)
    target_compile_definitions(cfisac_c10d INTERFACE USE_DISTRIBUTED USE_C10D_GLOO
                                                     CFISAC_C10D)
    get_target_property(_cfisac_torch_libraries cfisac_torch INTERFACE_LINK_LIBRARIES)
    if("${_cfisac_torch_libraries};${TORCH_LIBRARIES}" MATCHES "cuda" OR EXISTS
                                                        "${_cfisac_torch_lib}/libtorch_cuda.so")
        find_path(
            CFISAC_CUDA_INCLUDE_DIR cuda_runtime.h
            HINTS ${CUDAToolkit_ROOT} $ENV{CUDA_HOME}
            PATHS /usr/local/cuda
            PATH_SUFFIXES include)
        find_path(CFISAC_NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_ROOT} $ENV{NCCL_ROOT}
                  PATH_SUFFIXES include)
        mark_as_advanced(CFISAC_CUDA_INCLUDE_DIR CFISAC_NCCL_INCLUDE_DIR)
        if(CFISAC_CUDA_INCLUDE_DIR AND CFISAC_NCCL_INCLUDE_DIR)
            list(APPEND CMAKE_REQUIRED_DEFINITIONS -DUSE_C10D_NCCL)
            set(CMAKE_REQUIRED_INCLUDES ${CFISAC_CUDA_INCLUDE_DIR} ${CFISAC_NCCL_INCLUDE_DIR})
            set(CMAKE_REQUIRED_LIBRARIES cfisac_torch "${_cfisac_torch_lib}/libtorch_cuda.so")
            check_cxx_source_compiles(
                "#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
int main()
{
    auto options = c10d::ProcessGroupNCCL::Options::create();
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(
               c10::intrusive_ptr<c10d::Store>(), 0, 1, options)
        ->getSize();
}"
                CFISAC_NCCL_COMPILES)
            if(CFISAC_NCCL_COMPILES)
                set(CFISAC_NCCL ON)
                target_compile_definitions(cfisac_c10d INTERFACE USE_C10D_NCCL CFISAC_NCCL)
                target_include_directories(
                    cfisac_c10d SYSTEM INTERFACE ${CFISAC_CUDA_INCLUDE_DIR}
                                                 ${CFISAC_NCCL_INCLUDE_DIR})
                target_link_libraries(cfisac_c10d
                                      INTERFACE "${_cfisac_torch_lib}/libtorch_cuda.so")
            endif()
        endif()
    endif()
    if(CFISAC_NCCL)
        message(STATUS "Training in several processes: Gloo and NCCL")
    else()
        message(STATUS "Training in several processes: Gloo")
    endif()
else()
    message(STATUS "LibTorch without c10d, or no headers of Gloo: training takes one process")
endif()
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_QUIET)
unset(CMAKE_REQUIRED_DEFINITIONS)
unset(CMAKE_REQUIRED_INCLUDES)
