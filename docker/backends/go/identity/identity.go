// Package identity says who is asking, as bearergate says.
package identity

import (
	"context"
	"net/http"
	"strings"
)

// Identity is what the token said. What it did not say is nil or empty.
type Identity struct {
	Subject      *string  `json:"subject"`
	Client       *string  `json:"client"`
	Organization *string  `json:"organization"`
	Scopes       []string `json:"scopes"`
	Audience     []string `json:"audience"`
}

// Of reads the headers that bearergate adds.
func Of(r *http.Request) Identity {
	one := func(name string) *string {
		if value, there := r.Header[name]; there {
			return &value[0]
		}
		return nil
	}
	return Identity{
		Subject:      one("X-Auth-Subject"),
		Client:       one("X-Auth-Client-Id"),
		Organization: one("X-Auth-Organization-Id"),
		Scopes:       strings.Fields(r.Header.Get("X-Auth-Scopes")),
		Audience:     strings.Fields(r.Header.Get("X-Auth-Audience")),
	}
}

type key struct{}

// Middleware puts the caller's identity into the request's context, for net/http and Chi.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, Of(r))))
	})
}

// From is what Middleware put there.
func From(r *http.Request) Identity {
	caller, _ := r.Context().Value(key{}).(Identity)
	return caller
}
