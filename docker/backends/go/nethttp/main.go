// net/http alone: go run ./nethttp
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"bearergate.example/backends/identity"
)

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

func about(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"about-1"`)
	if r.Header.Get("If-None-Match") == `"about-1"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	reply(w, identity.Answer{Route: "GET /about", Identity: identity.From(r)})
}

func items(w http.ResponseWriter, r *http.Request) {
	answer := identity.Answer{Identity: identity.From(r)}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		answer.Route = "GET /items"
	case http.MethodPost:
		answer.Route = "POST /items"
		answer.Bytes = identity.SizeOf(r.Body)
	case http.MethodDelete:
		answer.Route = "DELETE /items"
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	reply(w, answer)
}

func organizations(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/orgs/"), "/")
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case len(parts) == 2 && parts[1] == "members" && read:
		reply(w, identity.Answer{Route: "GET /orgs/{id}/members", ID: parts[0], Identity: identity.From(r)})
	case len(parts) == 2 && parts[1] == "invitations" && r.Method == http.MethodPost:
		reply(w, identity.Answer{Route: "POST /orgs/{id}/invitations", ID: parts[0], Identity: identity.From(r)})
	default:
		http.NotFound(w, r)
	}
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/about", about)
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) { reply(w, r.Header) })
	mux.HandleFunc("/items", items)
	mux.HandleFunc("/ticks", identity.Ticks)
	mux.HandleFunc("/orgs/", organizations)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), identity.Middleware(mux)))
}
