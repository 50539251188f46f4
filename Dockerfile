# bertlab with XLA's CPU plugin, a model and a data set, so that a pod needs no network:
#
#   docker build -t bertlab:latest .
#   docker build -t bertlab:latest --build-arg MODEL=bert-base-uncased --build-arg TASK=sst2 .
#
# For GPUs: --build-arg BACKEND=xla:cuda, on a base with CUDA's libraries (--build-arg BASE=nvidia/cuda:13.0.1-runtime-ubuntu24.04).
ARG BASE=debian:bookworm-slim

FROM golang:1.26.5-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -trimpath -o /bertlab ./cmd/bertlab

FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 && rm -rf /var/lib/apt/lists/*
COPY --from=build /bertlab /usr/local/bin/bertlab
RUN useradd --create-home --uid 1001 --non-unique bertlab
USER 1001
ENV HOME=/home/bertlab
ARG BACKEND=xla:cpu MODEL=all-MiniLM-L6-v2 TASK=movies
RUN bertlab setup --backend "$BACKEND" --model "$MODEL" --task "$TASK"
ENTRYPOINT ["bertlab"]
