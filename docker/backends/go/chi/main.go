// Chi: go run ./chi
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"

	"bearergate.example/backends/identity"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

func answer(r *http.Request, route string) identity.Answer {
	return identity.Answer{Route: route, ID: chi.URLParam(r, "id"), Identity: identity.From(r)}
}

func say(route string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { reply(w, answer(r, route)) }
}

func about(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"about-1"`)
	if r.Header.Get("If-None-Match") == `"about-1"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	reply(w, answer(r, "GET /about"))
}

// Chi takes parameters from the escaped path where there is one, and leaves them escaped.
func decoded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawPath = ""
		next.ServeHTTP(w, r)
	})
}

func main() {
	router := chi.NewRouter()
	router.Use(middleware.GetHead, identity.Middleware, decoded)

	router.Get("/about", about)
	router.Get("/headers", func(w http.ResponseWriter, r *http.Request) { reply(w, r.Header) })
	router.Get("/items", say("GET /items"))
	router.Post("/items", func(w http.ResponseWriter, r *http.Request) {
		said := answer(r, "POST /items")
		said.Bytes = identity.SizeOf(r.Body)
		reply(w, said)
	})
	router.Delete("/items", say("DELETE /items"))
	router.Get("/ticks", identity.Ticks)
	router.Get("/orgs/{id}/members", say("GET /orgs/{id}/members"))
	router.Post("/orgs/{id}/invitations", say("POST /orgs/{id}/invitations"))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), router))
}
