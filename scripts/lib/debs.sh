# SPDX-License-Identifier: GPL-3.0-or-later
#
# Packages for a machine without a network: download them elsewhere, unpack them there into a
# folder of their own. Sourced after common.sh, not run.

# apt of another release, with folders of its own in `apt_root`; it knows of no installed
# package, so that all dependencies are named.
apt_of_release() {
    local command=$1
    shift
    "$command" -q -o Dir="$apt_root" -o Dir::State::status="$apt_root/status" \
        -o Dir::Bin::methods=/usr/lib/apt/methods -o APT::Install-Recommends=false \
        -o Dir::Etc::Parts=none -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" "$@"
}

# make_apt_root RELEASE KEYRING
make_apt_root() {
    local release=$1 keyring=$2 distribution mirror components=main keyring_name
    case "$release" in
    focal | jammy | noble | plucky | questing | resolute)
        distribution=ubuntu
        mirror=http://archive.ubuntu.com/ubuntu
        components="main universe"
        ;;
    *)
        distribution=debian
        mirror=http://deb.debian.org/debian
        ;;
    esac
    keyring_name=/usr/share/keyrings/$distribution-archive-keyring.gpg
    keyring=${keyring:-$keyring_name}
    [ -r "$keyring" ] ||
        die "no $keyring to check $release with: give --keyring FILE" \
            "($(basename "$keyring_name") of the package $distribution-keyring or" \
            "$distribution-archive-keyring)"
    apt_root=$(mktemp -d)
    trap 'rm -rf "$apt_root"' EXIT
    mkdir -p "$apt_root"/etc/apt/{preferences.d,apt.conf.d} \
        "$apt_root"/var/{lib/apt/lists,cache/apt/archives}/partial
    touch "$apt_root/status"
    printf 'deb [signed-by=%s] %s %s %s\n' "$(realpath "$keyring")" "$mirror" \
        "$release" "$components" "$(realpath "$keyring")" "$mirror" "$release-updates" \
        "$components" >"$apt_root/etc/apt/sources.list"
    apt_of_release apt-get update
}

# Names that apt would install for the packages.
with_dependencies() {
    apt_of_release apt-get -s install "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p' | sort -u
}

# fetch_debs DIR RELEASE KEYRING: the packages of packages-cuda.txt with their dependencies,
# without what every machine with a compiler has.
fetch_debs() {
    local folder=$1 release=$2 names line found plain=() alone=() wanted=()
    mkdir -p "$folder"
    make_apt_root "$release" "$3"
    names=$(apt_of_release apt-cache pkgnames)
    while read -r line; do
        found=$(grep -Ex "${line#!}" <<<"$names") ||
            die "$release has no package ${line#!} (scripts/packages-cuda.txt)"
        case "$line" in
        !*) mapfile -t -O "${#alone[@]}" alone <<<"$found" ;;
        *) mapfile -t -O "${#plain[@]}" plain <<<"$found" ;;
        esac
    done < <(listed_packages packages-cuda.txt)
    mapfile -t wanted < <(comm -23 <(with_dependencies "${plain[@]}") \
        <(with_dependencies apt g++ make perl python3 ca-certificates))
    [ ${#wanted[@]} -gt 0 ] || die "$release: apt finds no way to install ${plain[*]}"
    (cd "$folder" && apt_of_release apt-get download "${wanted[@]}" "${alone[@]}")
    say "$(find "$folder" -name '*.deb' | wc -l) packages of $release in $folder," \
        "$(du -sh "$folder" | cut -f 1)"
}

# Links to the libraries of a folder that the system does not have: what is there keeps the
# system's own libraries.
link_unknown_libraries() {
    local file name known
    known=$(ldconfig -p | awk '{print $1}')
    mkdir -p "$2"
    for file in "$1"/*.so.*; do
        name=$(basename "$file")
        grep -Fxq "$name" <<<"$known" || ln -sf "$file" "$2/$name"
    done
}

# use_debs DIR: unpack the packages below the build folder and let CMake, the linker and the
# programs find them.
use_debs() {
    local folder=$1 prefix=$build/debs file libraries
    if [ ! -e "$prefix/unpacked" ]; then
        [ -n "$(find "$folder" -maxdepth 1 -name '*.deb' 2>/dev/null)" ] ||
            die "--debs $folder: no .deb files there"
        say "Unpacking $folder"
        mkdir -p "$prefix"
        for file in "$folder"/*.deb; do
            dpkg-deb -x "$file" "$prefix"
        done
    fi
    libraries=$(dirname "$(find "$prefix/usr/lib" -maxdepth 2 -name 'libyaml-cpp.so' | head -n 1)")
    if [ ! -e "$prefix/unpacked" ]; then
        link_unknown_libraries "$libraries" "$prefix/run"
        touch "$prefix/unpacked"
    fi
    export CMAKE_PREFIX_PATH="$prefix/usr${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}"
    export LD_LIBRARY_PATH="$prefix/run${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    export PKG_CONFIG_PATH="$libraries/pkgconfig:$prefix/usr/share/pkgconfig"
    export PKG_CONFIG_SYSROOT_DIR=$prefix
    export PATH="$PATH:$prefix/usr/bin"
}
