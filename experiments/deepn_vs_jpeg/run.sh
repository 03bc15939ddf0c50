#!/bin/sh
# The whole experiment. DNJPEG_DATA names the data folder; results go to ./results, or to the folder that is given.
set -eu
mkdir -p "${1:-results}"
results=$(cd "${1:-results}" && pwd)
cd "$DNJPEG_DATA"
exec dnjpeg evaluate photos/eval \
    --classifier efficientnet-lite0 \
    --calibration photos/calibration \
    --contender jpeg:100,95,90,85,80,75,60,50,40,30,25,20,15,10,8 \
    --contender same-q:4,8,12,20,30,40,60 \
    --contender rm-hf:3,6,9 \
    --contender deepn:literal@20,30,40,50,65,80 \
    --contender deepn:rank@20,30,40,50,65,80 \
    --contender deepn:continuous@20,30,40,50,65,80 \
    --contender deepn:literal+luma@30,50,70 \
    --contender deepn:literal+rgb@30,50,70 \
    --device cpu \
    -o "$results"
