#!/bin/sh
# From calibration photos to the tables that run.py measures. DNJPEG_DATA names the data folder. Half an hour to an hour
# on two idle cores; a stopped run goes on.
set -eu
cd "$(dirname "$0")"
mkdir -p work/half work/search tables
[ -d work/calibration ] || python ../fewer_bytes/prepare.py "$DNJPEG_DATA/photos/calibration" work/calibration
# Sensitivities from every second photo; searches look at every fourth.
i=0
for photo in work/calibration/*; do
    i=$((i + 1))
    [ $((i % 2)) != 0 ] || cp "$photo" work/half
    [ $((i % 4)) != 1 ] || cp "$photo" work/search
done
networks="--network efficientnet-lite0 --network efficientnet-lite1"
dnjpeg sensitivity work/half $networks --draws 1 --data-name "125 ImageNet photos, 299x299" -o work/sensitivity.json
[ -f work/statistics.json ] || dnjpeg stats work/calibration -o work/statistics.json
dnjpeg design grace --sensitivity work/sensitivity.json --step 28 -o tables/grace.json --force
dnjpeg design inverse-root --sensitivity work/sensitivity.json --step 28 -o tables/inverse-root.json --force
for step in 10 20 40 80; do
    dnjpeg design rate-distortion --sensitivity work/sensitivity.json --statistics work/statistics.json --step $step \
        -o tables/rate-distortion-$step.json --force
done
dnjpeg design sorted-random work/search $networks --quality 75 --sensitivity work/sensitivity.json \
    --statistics work/statistics.json --asked 60 -o work/sorted-random-75.json --force
dnjpeg design evolution work/search $networks --quality 75 --start machine-28 --evaluations 400 \
    -o work/evolution-75.json --force
dnjpeg design learned work/search $networks --quality 75 --start machine-28 --iterations 400 --batch-size 4 --rate 0.04 \
    -o work/learned-75.json --force
cp work/sorted-random-75.json work/evolution-75.json work/learned-75.json tables
python run.py
