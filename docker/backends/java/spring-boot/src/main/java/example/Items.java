package example;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

@RestController
class Items {
    @GetMapping("/about")
    ResponseEntity<Map<String, Object>> about(Identity caller) {
        return ResponseEntity.ok().eTag("\"about-1\"").body(caller.answer("GET /about"));
    }

    @GetMapping("/headers")
    Map<String, ?> headers(@RequestHeader HttpHeaders headers) {
        return headers.toSingleValueMap();
    }

    @GetMapping("/items")
    Map<String, Object> list(Identity caller) {
        return caller.answer("GET /items");
    }

    @PostMapping("/items")
    Map<String, Object> add(InputStream body, Identity caller) throws IOException {
        Map<String, Object> said = caller.answer("POST /items");
        said.put("bytes", body.transferTo(OutputStream.nullOutputStream()));
        return said;
    }

    @DeleteMapping("/items")
    Map<String, Object> clear(Identity caller) {
        return caller.answer("DELETE /items");
    }

    @GetMapping("/ticks")
    ResponseEntity<StreamingResponseBody> ticks() {
        return ResponseEntity.ok().contentType(MediaType.TEXT_PLAIN).body(Items::writeTicks);
    }

    private static void writeTicks(OutputStream body) throws IOException {
        try {
            for (int count = 1; count <= 600; ++count) {
                body.write(("tick " + count + "\n").getBytes());
                body.flush();
                Thread.sleep(100);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @GetMapping("/orgs/{id}/members")
    Map<String, Object> members(@PathVariable("id") String id, Identity caller) {
        Map<String, Object> said = caller.answer("GET /orgs/{id}/members");
        said.put("id", id);
        return said;
    }

    @PostMapping("/orgs/{id}/invitations")
    Map<String, Object> invite(@PathVariable("id") String id, Identity caller) {
        Map<String, Object> said = caller.answer("POST /orgs/{id}/invitations");
        said.put("id", id);
        return said;
    }
}
