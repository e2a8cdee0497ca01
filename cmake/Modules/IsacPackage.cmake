# SPDX-License-Identifier: GPL-3.0-or-later
#
# The Debian package: cpack -G DEB, in a build with the prefix /usr. scripts/package does all of
# it. One package has everything, as a module of GNU Radio has few users who want a part of it.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gr-isac)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "cooperative sensing of several access points for GNU Radio")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Positions and velocities of targets from the OFDM downlink of several access
points: a channel simulator, GNU Radio blocks, estimators, networks that
compress echoes with a learned codebook, their training, and programs that run
all of this with and without radios.
.
The package has the library cfisac with its headers, the GNU Radio module
gr-isac with its Python bindings and blocks for GNU Radio Companion, a virtual
radio for SoapySDR, the programs, examples and a trained model.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_RESOURCE_FILE_README ${PROJECT_SOURCE_DIR}/README.md)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_THREADS 0)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# As dch and dpkg-buildpackage have them.
set(maintainer_name "$ENV{DEBFULLNAME}")
set(maintainer_address "$ENV{DEBEMAIL}")
if(NOT maintainer_name)
    set(maintainer_name "the gr-isac developers")
endif()
if(NOT maintainer_address)
    cmake_host_system_information(RESULT host QUERY FQDN)
    set(maintainer_address "root@${host}")
endif()
set(CPACK_PACKAGE_CONTACT "${maintainer_name} <${maintainer_address}>")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CPACK_PACKAGE_CONTACT}")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION comm)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/cmake/debian/postinst ${PROJECT_SOURCE_DIR}/cmake/debian/prerm
    ${PROJECT_SOURCE_DIR}/cmake/debian/postrm ${PROJECT_SOURCE_DIR}/cmake/debian/triggers)

# Libraries: what they are linked with, and what they give.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY "=")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS)
foreach(library cfisac gnuradio-isac gnuradio-isac-qtgui)
    if(TARGET ${library})
        get_target_property(folder ${library} BINARY_DIR)
        list(APPEND CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${folder})
    endif()
endforeach()

# Python: that of the bindings, and what the modules import.
if(TARGET isac_python)
    math(EXPR next_minor "${Python3_VERSION_MINOR} + 1")
    string(CONCAT CPACK_DEBIAN_PACKAGE_DEPENDS
                  "python3 (>= ${Python3_VERSION_MAJOR}.${Python3_VERSION_MINOR}~), "
                  "python3 (<< ${Python3_VERSION_MAJOR}.${next_minor}), "
                  "python3-numpy, gnuradio (>= 3.10)")
endif()
# The windows of GNU Radio Companion need gir1.2-gtk-3.0, which gnuradio does not ask for.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libopenblas0-pthread | libopenblas0, gir1.2-gtk-3.0, \
python3-matplotlib, python3-zmq")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gnuradio-dev, libtorch-dev, soapysdr-tools, python3-torch, \
python3-h5py, python3-scipy")

configure_file(cmake/debian/prepare.cmake.in debian/prepare.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_BINARY_DIR}/debian/prepare.cmake)

include(CPack)
