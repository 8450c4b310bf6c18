#!/bin/sh
# Prepares a photo with vipsthumbnail and posts it with curl: post.sh PHOTO JPEG URL FIELD=VALUE...
# The form comes as arguments, so that nothing has to be started to read it; JPEG is where the prepared photo is put.
set -eu
photo=$1 jpeg=$2 url=$3
shift 3
vipsthumbnail "$photo" --size 1024x768 --smartcrop centre --export-profile srgb -o "$jpeg[Q=90,strip,subsample-mode=on]"
for field; do
  set -- "$@" --form-string "$field"
  shift
done
exec curl -sS --fail "$@" -F "file=@$jpeg;type=image/jpeg" "$url"
