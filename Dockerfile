# The product as a container: built with GCC 14 on Debian trixie (its OpenSSL verifies P-384
# faster), run on the same without a compiler, as nobody in particular.
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        g++ ccache cmake ninja-build libboost1.88-dev libssl-dev nlohmann-json3-dev libyaml-cpp-dev \
        libspdlog-dev libfmt-dev libcli11-dev prometheus-cpp-dev libseccomp-dev libgtest-dev \
        libgmock-dev ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The compiler's cache stays with the builder: the next image of other sources is built in minutes.
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release -DCMAKE_CXX_COMPILER=g++ \
    && cmake --build --preset release \
    && ctest --preset release -j 2

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libssl3t64 libyaml-cpp0.8 libspdlog1.15 libfmt10 libprometheus-cpp-core1.0 \
        libseccomp2 ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/bearergate /usr/local/bin/bearergate
COPY --chmod=644 docker/bearergate.yaml /etc/bearergate/bearergate.yaml
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["bearergate", "ready"]
ENTRYPOINT ["bearergate"]
CMD ["run", "-c", "/etc/bearergate/bearergate.yaml"]
