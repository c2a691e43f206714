"""FastAPI: uvicorn --host 127.0.0.1 --port 3000 fastapi_app:app"""

from fastapi import Depends, FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse

from identity import identity_of, ticks

app = FastAPI(openapi_url=None)


def caller(request: Request):
    return identity_of(request.headers)


# FastAPI answers HEAD only where it is asked to.
def get(path):
    return app.api_route(path, methods=["GET", "HEAD"])


@get("/about")
async def about(request: Request, caller=Depends(caller)):
    etag = {"etag": '"about-1"'}
    if request.headers.get("if-none-match") == etag["etag"]:
        return Response(status_code=304, headers=etag)
    return JSONResponse({"route": "GET /about", **caller}, headers=etag)


@get("/headers")
async def headers(request: Request):
    return request.headers.items()


@get("/items")
async def items(caller=Depends(caller)):
    return {"route": "GET /items", **caller}


@app.post("/items")
async def add_item(request: Request, caller=Depends(caller)):
    size = 0
    async for piece in request.stream():
        size += len(piece)
    return {"route": "POST /items", "bytes": size, **caller}


@app.delete("/items")
async def clear_items(caller=Depends(caller)):
    return {"route": "DELETE /items", **caller}


@app.get("/ticks")
async def tick():
    return StreamingResponse(ticks(), media_type="text/plain")


@get("/orgs/{id}/members")
async def members(id: str, caller=Depends(caller)):
    return {"route": "GET /orgs/{id}/members", "id": id, **caller}


@app.post("/orgs/{id}/invitations")
async def invite(id: str, caller=Depends(caller)):
    return {"route": "POST /orgs/{id}/invitations", "id": id, **caller}


@app.websocket("/socket")
async def socket(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_json({"route": "GET /socket", **identity_of(websocket.headers)})
    async for message in websocket.iter_text():
        await websocket.send_text(message)
