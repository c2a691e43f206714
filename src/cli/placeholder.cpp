#include <bearergate/config/config.hpp>
