#include <bearergate/core/authorize.hpp>
