#include <bearergate/config/load.hpp>
