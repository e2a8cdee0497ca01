// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <stdexcept>
#include <string>

namespace cfisac::fronthaul::test {

//! An empty folder that is removed in the end.
class Folder
{
public:
    Folder()
    {
        std::string name = testing::TempDir() + "/fronthaulXXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no folder " + name);
        }
        d_path = name;
    }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(d_path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file(const std::string& name) const { return d_path + "/" + name; }
    std::string write(const std::string& name, const std::string& text) const
    {
        std::ofstream(file(name)) << text;
        return file(name);
    }
    std::string read(const std::string& name) const
    {
        std::ifstream stream(file(name));
        return {std::istreambuf_iterator<char>(stream), {}};
    }

private:
    std::string d_path;
};

//! What a call throws, as text; empty when it throws nothing.
template <typename Function>
std::string error_of(const Function& function)
{
    try {
        function();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "";
}

} // namespace cfisac::fronthaul::test
