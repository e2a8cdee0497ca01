/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_WHOLE_NUMBER_H
#define INCLUDED_ISAC_WHOLE_NUMBER_H

#include <pybind11/pybind11.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/*! \file
 * Whole numbers from Python. Sliders of a window give floats: one that is whole is taken, and
 * any other value is refused with the argument's name and the value, where pybind11 would
 * say no more than that the arguments are incompatible.
 */
namespace isac_bindings {

//! An argument of whatever type that is to be a whole number.
struct whole_number {
    pybind11::object value;

    /*! \param name of the argument
     * \throws pybind11::type_error on what is no number, pybind11::value_error on one that
     * is not whole or beyond the range of `Integer`
     */
    template <typename Integer>
    Integer as(const std::string& name) const;
};

//! An argument that is to be a sequence of whole numbers.
struct whole_numbers_list {
    pybind11::object value;

    //! \throws as whole_number, naming the entry
    template <typename Integer>
    std::vector<Integer> as(const std::string& name) const;
};

inline std::string shown(const pybind11::handle& value)
{
    return pybind11::str(pybind11::repr(value));
}

//! A Python int of the same value.
inline pybind11::int_ to_int(const std::string& name, const pybind11::object& value)
{
    namespace py = pybind11;
    PyObject* const given = value.ptr();
    if (PyIndex_Check(given)) {
        return py::reinterpret_steal<py::int_>(PyNumber_Index(given));
    }
    const auto* const methods = Py_TYPE(given)->tp_as_number;
    if (!methods || !methods->nb_float) {
        throw py::type_error(name + ": " + shown(value) +
                             " is given where a whole number is needed");
    }
    const double number = PyFloat_AsDouble(given);
    if (PyErr_Occurred()) {
        throw py::error_already_set();
    }
    if (!std::isfinite(number) || number != std::floor(number)) {
        throw py::value_error(name + ": " + shown(value) + " is not a whole number");
    }
    return py::reinterpret_steal<py::int_>(PyLong_FromDouble(number));
}

template <typename Integer>
Integer whole_number::as(const std::string& name) const
{
    namespace py = pybind11;
    using Limits = std::numeric_limits<Integer>;
    const py::int_ number = to_int(name, value);
    const py::int_ least(Limits::min());
    const py::int_ most(Limits::max());
    if (number < least || number > most) {
        throw py::value_error(name + ": " + shown(value) + " is not between " +
                              shown(least) + " and " + shown(most));
    }
    return number.cast<Integer>();
}

template <typename Integer>
std::vector<Integer> whole_numbers_list::as(const std::string& name) const
{
    namespace py = pybind11;
    if (!py::isinstance<py::iterable>(value) || py::isinstance<py::str>(value)) {
        throw py::type_error(name + ": " + shown(value) +
                             " is given where a list of whole numbers is needed");
    }
    std::vector<Integer> numbers;
    for (const auto& each : value) {
        const whole_number entry{py::reinterpret_borrow<py::object>(each)};
        numbers.push_back(
            entry.as<Integer>(name + "[" + std::to_string(numbers.size()) + "]"));
    }
    return numbers;
}

//! What Python passes for an argument of a type.
template <typename Type, typename Plain = std::decay_t<Type>>
struct passed {
    static constexpr bool integer =
        std::is_integral_v<Plain> && !std::is_same_v<Plain, bool>;
    using type =
        std::conditional_t<integer,
                           whole_number,
                           std::conditional_t<std::is_same_v<Plain, std::vector<int>>,
                                              whole_numbers_list,
                                              Type>>;

    static decltype(auto) unwrap(type& value, const char* name)
    {
        if constexpr (integer) {
            return value.template as<Plain>(name);
        } else if constexpr (std::is_same_v<Plain, std::vector<int>>) {
            return value.template as<int>(name);
        } else {
            return static_cast<type&>(value);
        }
    }
};

template <typename Function, typename... Types, std::size_t... Index>
decltype(auto) call(const Function& function,
                    const std::array<const char*, sizeof...(Types)>& names,
                    std::index_sequence<Index...>,
                    typename passed<Types>::type&... values)
{
    return function(passed<Types>::unwrap(values, names[Index])...);
}

/*! A function or method whose whole numbers Python may pass as floats.
 * \param names of all its arguments, for errors
 */
template <typename Result, typename... Types, typename... Names>
auto whole_numbers(Result (*function)(Types...), Names... names)
{
    static_assert(sizeof...(Types) == sizeof...(Names), "a name for each argument");
    const std::array<const char*, sizeof...(Names)> all{names...};
    return [function, all](typename passed<Types>::type... values) -> Result {
        return call<Result (*)(Types...), Types...>(
            function, all, std::index_sequence_for<Types...>(), values...);
    };
}

template <typename Result, typename Class, typename... Types, typename... Names>
auto whole_numbers(Result (Class::*method)(Types...), Names... names)
{
    static_assert(sizeof...(Types) == sizeof...(Names), "a name for each argument");
    const std::array<const char*, sizeof...(Names)> all{names...};
    return [method, all](Class& self, typename passed<Types>::type... values) -> Result {
        const auto function = [&self, method](Types... arguments) -> Result {
            return (self.*method)(std::forward<Types>(arguments)...);
        };
        return call<decltype(function), Types...>(
            function, all, std::index_sequence_for<Types...>(), values...);
    };
}

} // namespace isac_bindings

namespace pybind11::detail {

//! Takes any object; what it is worth is told when it is converted.
template <>
struct type_caster<isac_bindings::whole_number> {
    PYBIND11_TYPE_CASTER(isac_bindings::whole_number, const_name("int"));

    bool load(handle source, bool)
    {
        value.value = reinterpret_borrow<object>(source);
        return true;
    }
};

template <>
struct type_caster<isac_bindings::whole_numbers_list> {
    PYBIND11_TYPE_CASTER(isac_bindings::whole_numbers_list, const_name("List[int]"));

    bool load(handle source, bool)
    {
        value.value = reinterpret_borrow<object>(source);
        return true;
    }
};

} // namespace pybind11::detail

#endif
