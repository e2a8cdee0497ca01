#include "schemes.h"
#include <stdexcept>
namespace cfisac::evaluation {
std::unique_ptr<Scheme> make_distributed_scheme(const std::string&, const Scenario&, const SchemeOptions&)
{
    throw std::invalid_argument("pending");
}
} // namespace cfisac::evaluation
