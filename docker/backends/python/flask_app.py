"""Flask: gunicorn --bind 127.0.0.1:3000 --threads 8 flask_app:app"""

from flask import Flask, g, jsonify, request

from identity import identity_of, size_of, ticks

app = Flask(__name__)


@app.before_request
def who_is_asking():
    g.identity = identity_of(request.headers)


@app.get("/about")
def about():
    response = jsonify(route="GET /about", **g.identity)
    response.set_etag("about-1")
    return response.make_conditional(request)


@app.get("/headers")
def headers():
    return {name: value for name, value in request.environ.items() if isinstance(value, str)}


@app.get("/items")
def items():
    return jsonify(route="GET /items", **g.identity)


@app.post("/items")
def add_item():
    return jsonify(route="POST /items", bytes=size_of(request.stream), **g.identity)


@app.delete("/items")
def clear_items():
    return jsonify(route="DELETE /items", **g.identity)


@app.get("/ticks")
def tick():
    return app.response_class(ticks(), mimetype="text/plain")


@app.get("/orgs/<id>/members")
def members(id):
    return jsonify(route="GET /orgs/{id}/members", id=id, **g.identity)


@app.post("/orgs/<id>/invitations")
def invite(id):
    return jsonify(route="POST /orgs/{id}/invitations", id=id, **g.identity)
