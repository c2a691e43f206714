// The JDK's HttpServer alone: PORT=3000 java Main.java
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

public class Main {
    /** Who is asking, as bearergate says. What the token does not say is null or empty. */
    record Identity(String subject, String client, String organization, String[] scopes, String[] audience) {
        static Identity of(HttpExchange exchange) {
            var headers = exchange.getRequestHeaders();
            return new Identity(headers.getFirst("X-Auth-Subject"), headers.getFirst("X-Auth-Client-Id"),
                headers.getFirst("X-Auth-Organization-Id"), words(headers.getFirst("X-Auth-Scopes")),
                words(headers.getFirst("X-Auth-Audience")));
        }

        private static String[] words(String text) {
            return text == null ? new String[0] : text.split(" ");
        }

        String json() {
            return "\"subject\":" + quoted(subject) + ",\"client\":" + quoted(client)
                + ",\"organization\":" + quoted(organization) + ",\"scopes\":" + list(scopes)
                + ",\"audience\":" + list(audience);
        }
    }

    static String quoted(String text) {
        return text == null ? "null" : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    static String list(String[] items) {
        return Arrays.stream(items).map(Main::quoted).collect(Collectors.joining(",", "[", "]"));
    }

    static void reply(HttpExchange exchange, String json) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        exchange.sendResponseHeaders(200, json.getBytes().length);
        exchange.getResponseBody().write(json.getBytes());
    }

    static void answer(HttpExchange exchange, String route, String more) throws IOException {
        reply(exchange, "{\"route\":" + quoted(route) + "," + more + Identity.of(exchange).json() + "}");
    }

    static void about(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("ETag", "\"about-1\"");
        if ("\"about-1\"".equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
            exchange.sendResponseHeaders(304, -1);
        } else {
            answer(exchange, "GET /about", "");
        }
    }

    static void headers(HttpExchange exchange) throws IOException {
        reply(exchange, exchange.getRequestHeaders().entrySet().stream()
            .map(field -> quoted(field.getKey()) + ":" + list(field.getValue().toArray(String[]::new)))
            .collect(Collectors.joining(",", "{", "}")));
    }

    static void ticks(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream body = exchange.getResponseBody()) {
            for (int count = 1; count <= 600; ++count) {
                body.write(("tick " + count + "\n").getBytes());
                body.flush();
                Thread.sleep(100);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    static void route(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/", -1);
        String method = exchange.getRequestMethod().equals("HEAD") ? "GET" : exchange.getRequestMethod();
        boolean inOrganization = path.length == 4 && path[1].equals("orgs");
        String place = inOrganization ? "/orgs/{id}/" + path[3] : exchange.getRequestURI().getPath();
        String id = inOrganization ? "\"id\":" + quoted(path[2]) + "," : "";
        switch (method + " " + place) {
            case "GET /about" -> about(exchange);
            case "GET /headers" -> headers(exchange);
            case "GET /items", "DELETE /items" -> answer(exchange, method + " /items", "");
            case "POST /items" -> {
                long bytes = exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
                answer(exchange, "POST /items", "\"bytes\":" + bytes + ",");
            }
            case "GET /ticks" -> ticks(exchange);
            case "GET /orgs/{id}/members", "POST /orgs/{id}/invitations" -> answer(exchange, method + " " + place, id);
            default -> exchange.sendResponseHeaders(404, -1);
        }
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "3000"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            try (exchange) {
                route(exchange);
            }
        });
        server.start();
    }
}
