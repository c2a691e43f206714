#include <bearergate/net/fetch.hpp>
#include <bearergate/net/listener.hpp>
#include <bearergate/net/task.hpp>
#include <bearergate/net/upstream_pool.hpp>
