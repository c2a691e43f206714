module bearergate.example/backends

go 1.19

require (
	github.com/gin-gonic/gin v1.8.1
	github.com/go-chi/chi/v5 v5.0.7
	github.com/gorilla/websocket v1.5.0
	github.com/labstack/echo/v4 v4.2.1
)
