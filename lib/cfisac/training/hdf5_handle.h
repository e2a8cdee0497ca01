// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_HDF5_HANDLE_H
#define INCLUDED_CFISAC_TRAINING_HDF5_HANDLE_H

#include <utility>

#include <hdf5.h>

namespace cfisac::training::detail {

//! Owner of an HDF5 identifier.
class Handle
{
public:
    using Close = herr_t (*)(hid_t);
    Handle() = default;
    Handle(hid_t id, Close close) : d_id(id), d_close(close) {}
    Handle(Handle&& other) noexcept { swap(other); }
    Handle& operator=(Handle&& other) noexcept
    {
        swap(other);
        return *this;
    }
    ~Handle() { close(); }

    hid_t get() const { return d_id; }
    bool valid() const { return d_id >= 0; }
    //! \return whether what was open is closed without an error
    bool close()
    {
        const bool ok = !valid() || d_close(d_id) >= 0;
        d_id = -1;
        return ok;
    }

private:
    void swap(Handle& other)
    {
        std::swap(d_id, other.d_id);
        std::swap(d_close, other.d_close);
    }
    hid_t d_id = -1;
    Close d_close = nullptr;
};

//! HDF5 prints its error stack unless told not to, for this thread while this lives.
class Quiet
{
public:
    Quiet()
    {
        H5Eget_auto2(H5E_DEFAULT, &d_function, &d_data);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    ~Quiet() { H5Eset_auto2(H5E_DEFAULT, d_function, d_data); }

private:
    H5E_auto2_t d_function = nullptr;
    void* d_data = nullptr;
};

} // namespace cfisac::training::detail

#endif
