// Gin, with a WebSocket by Gorilla: go run ./gin
package main

import (
	"log"
	"net/http"
	"os"

	"bearergate.example/backends/identity"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
)

// What the middleware put into Gin's context.
func answer(c *gin.Context, route string) identity.Answer {
	return identity.Answer{Route: route, ID: c.Param("id"), Identity: c.MustGet("identity").(identity.Identity)}
}

func say(route string) gin.HandlerFunc {
	return func(c *gin.Context) { c.JSON(http.StatusOK, answer(c, route)) }
}

func about(c *gin.Context) {
	c.Header("ETag", `"about-1"`)
	if c.GetHeader("If-None-Match") == `"about-1"` {
		c.Status(http.StatusNotModified)
		return
	}
	c.JSON(http.StatusOK, answer(c, "GET /about"))
}

func socket(c *gin.Context) {
	connection, err := (&websocket.Upgrader{}).Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	connection.WriteJSON(answer(c, "GET /socket"))
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		connection.WriteMessage(kind, message)
	}
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(func(c *gin.Context) { c.Set("identity", identity.Of(c.Request)) })

	router.GET("/about", about)
	router.GET("/headers", func(c *gin.Context) { c.JSON(http.StatusOK, c.Request.Header) })
	router.GET("/items", say("GET /items"))
	router.HEAD("/items", say("GET /items"))
	router.POST("/items", func(c *gin.Context) {
		said := answer(c, "POST /items")
		said.Bytes = identity.SizeOf(c.Request.Body)
		c.JSON(http.StatusOK, said)
	})
	router.DELETE("/items", say("DELETE /items"))
	router.GET("/ticks", func(c *gin.Context) { identity.Ticks(c.Writer, c.Request) })
	router.GET("/orgs/:id/members", say("GET /orgs/{id}/members"))
	router.POST("/orgs/:id/invitations", say("POST /orgs/{id}/invitations"))
	router.GET("/socket", socket)
	log.Fatal(router.Run("127.0.0.1:" + os.Getenv("PORT")))
}
