#!/bin/sh
# The whole experiment. DNJPEG_DATA names the data folder. Hours on two cores; a stopped run goes on.
# mozjpeg takes part if npm's sharp is installed here (npm install sharp); COUNT photos are tested, 500 if it is not given.
set -eu
cd "$(dirname "$0")"
mkdir -p work results
[ -d work/calibration ] || python prepare.py "$DNJPEG_DATA/photos/calibration" work/calibration
if [ "${SENSITIVITY:-}" = new ]; then # else those of the shipped tables, measured with other random directions
    dnjpeg sensitivity work/calibration --network efficientnet-lite0 --network efficientnet-lite1 \
        --data-name "250 ImageNet photos, 299x299" -o work/sensitivity.json
else
    cp results/sensitivity.json work/sensitivity.json
fi
[ -f work/statistics.json ] || dnjpeg stats work/calibration -o work/statistics.json
for step in 3.5 5 7 10 14 20 28 40 57 80 113 160 226; do # the shipped ladder: machine-3 for 3.5, and so on
    dnjpeg design opts --sensitivity work/sensitivity.json --statistics work/statistics.json --quantizer rounding --ceiling 3 \
        --step $step --name "machine-${step%.5}" -o "work/machine-${step%.5}.json" --force > work/design.txt
done
if [ -d node_modules/sharp ]; then
    node mozjpeg.mjs "$DNJPEG_DATA/photos/eval" work/mozjpeg "${COUNT:-500}"
    python run.py --count "${COUNT:-500}" --mozjpeg work/mozjpeg
else
    python run.py --count "${COUNT:-500}"
fi
# the mask of another task, out of the wheel of mediapipe (pip download --no-deps mediapipe==0.10.21; unzip), if it lies here
mask=mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite
[ ! -f "$mask" ] || python segmentation.py "$mask" --count "${COUNT:-500}"
python summarise.py
