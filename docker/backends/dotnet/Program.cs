// ASP.NET Core, minimal API: PORT=3000 dotnet run
// It takes /ITEMS for /items, hence `case_sensitive: false` in the policy.
using Microsoft.AspNetCore.Http.Features;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "3000"}");
var app = builder.Build();

app.MapGet("/about", (Identity caller, HttpContext context) =>
{
    context.Response.Headers.ETag = "\"about-1\"";
    return context.Request.Headers.IfNoneMatch == "\"about-1\""
        ? Results.StatusCode(StatusCodes.Status304NotModified)
        : Results.Json(caller.Answer("GET /about"));
});
app.MapGet("/headers", (HttpRequest request) =>
    request.Headers.ToDictionary(field => field.Key, field => field.Value.ToString()));

app.MapMethods("/items", ["GET", "HEAD"], (Identity caller) => caller.Answer("GET /items"));
app.MapPost("/items", async (Identity caller, HttpContext context) =>
{
    context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = 64 << 20;
    var bytes = 0L;
    var piece = new byte[65536];
    for (int read; (read = await context.Request.Body.ReadAsync(piece)) > 0;) bytes += read;
    return caller.Answer("POST /items", bytes: bytes);
});
app.MapDelete("/items", (Identity caller) => caller.Answer("DELETE /items"));
app.MapGet("/ticks", async (HttpContext context) =>
{
    context.Response.ContentType = "text/plain";
    for (var count = 1; count <= 600; ++count)
    {
        await context.Response.WriteAsync($"tick {count}\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(100, context.RequestAborted);
    }
});

app.MapGet("/orgs/{id}/members", (string id, Identity caller) => caller.Answer("GET /orgs/{id}/members", id));
app.MapPost("/orgs/{id}/invitations", (string id, Identity caller) => caller.Answer("POST /orgs/{id}/invitations", id));

app.Run();

record Answer(string Route, string? Id, long? Bytes, string? Subject, string? Client, string? Organization, string[] Scopes, string[] Audience);

/// Who is asking, as bearergate says. A handler that takes an Identity is told.
record Identity(string? Subject, string? Client, string? Organization, string[] Scopes, string[] Audience)
{
    public static ValueTask<Identity> BindAsync(HttpContext context)
    {
        string? One(string name) => context.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;
        string[] Words(string name) => One(name)?.Split(' ') ?? [];
        return ValueTask.FromResult(new Identity(One("X-Auth-Subject"), One("X-Auth-Client-Id"),
            One("X-Auth-Organization-Id"), Words("X-Auth-Scopes"), Words("X-Auth-Audience")));
    }

    public Answer Answer(string route, string? id = null, long? bytes = null) =>
        new(route, id, bytes, Subject, Client, Organization, Scopes, Audience);
}
