package identity

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// Answer is what every route of these programs says.
type Answer struct {
	Route string `json:"route"`
	ID    string `json:"id,omitempty"`
	Bytes int64  `json:"bytes"`
	Identity
}

// SizeOf reads a body to its end, piece by piece.
func SizeOf(body io.Reader) int64 {
	size, _ := io.Copy(io.Discard, body)
	return size
}

// Ticks streams a line ten times a second until the client leaves.
func Ticks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	for count := 1; count <= 600 && r.Context().Err() == nil; count++ {
		fmt.Fprintf(w, "tick %d\n", count)
		w.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}
