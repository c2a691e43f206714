#include <bearergate/http/cors.hpp>
#include <bearergate/http/forward.hpp>
#include <bearergate/http/framing.hpp>
#include <bearergate/http/respond.hpp>
