// Echo: go run ./echo
package main

import (
	"net/http"
	"os"

	"bearergate.example/backends/identity"
	"github.com/labstack/echo/v4"
)

func whoIsAsking(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set("identity", identity.Of(c.Request()))
		return next(c)
	}
}

// Echo takes parameters from the escaped path where there is one, and may leave them escaped.
func decoded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Request().URL.RawPath = ""
		return next(c)
	}
}

func answer(c echo.Context, route string) identity.Answer {
	return identity.Answer{Route: route, ID: c.Param("id"), Identity: c.Get("identity").(identity.Identity)}
}

func say(route string) echo.HandlerFunc {
	return func(c echo.Context) error { return c.JSON(http.StatusOK, answer(c, route)) }
}

func about(c echo.Context) error {
	c.Response().Header().Set("ETag", `"about-1"`)
	if c.Request().Header.Get("If-None-Match") == `"about-1"` {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSON(http.StatusOK, answer(c, "GET /about"))
}

func main() {
	server := echo.New()
	server.HideBanner, server.HidePort = true, true
	server.Pre(decoded)
	server.Use(whoIsAsking)

	server.GET("/about", about)
	server.GET("/headers", func(c echo.Context) error { return c.JSON(http.StatusOK, c.Request().Header) })
	server.GET("/items", say("GET /items"))
	server.HEAD("/items", say("GET /items"))
	server.POST("/items", func(c echo.Context) error {
		said := answer(c, "POST /items")
		said.Bytes = identity.SizeOf(c.Request().Body)
		return c.JSON(http.StatusOK, said)
	})
	server.DELETE("/items", say("DELETE /items"))
	server.GET("/ticks", func(c echo.Context) error {
		identity.Ticks(c.Response(), c.Request())
		return nil
	})
	server.GET("/orgs/:id/members", say("GET /orgs/{id}/members"))
	server.POST("/orgs/:id/invitations", say("POST /orgs/{id}/invitations"))
	server.Logger.Fatal(server.Start("127.0.0.1:" + os.Getenv("PORT")))
}
