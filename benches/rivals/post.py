"""Prepares a photo with Pillow and posts it with requests, as the vendor's guide does: post.py PHOTO FORM."""

import json
import sys

import requests

from pillow import prepare

photo, form = sys.argv[1:]
with open(form, encoding="utf-8") as file:
    presigned = json.load(file)
jpeg = prepare(photo)
response = requests.post(presigned["url"], data=presigned["fields"], files={"file": ("photo.jpg", jpeg, "image/jpeg")})
sys.exit(response.status_code != 204)
