"""The parts of the HTTP API, whose entry point is `pipeline.api`.

`routes` lists the routes. `params` reads a request, `answers` and `page` answer it, `responses` and
`http_errors` give the answer its form. `cursors` and `budget` serve `answers`; `schemas` and `openapi`
describe the API.
"""
