#include "http_private.h"

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"                             },
    {201, "Created"                        },
    {202, "Accepted"                       },
    {204, "No Content"                     },
    {301, "Moved Permanently"              },
    {302, "Found"                          },
    {303, "See Other"                      },
    {304, "Not Modified"                   },
    {307, "Temporary Redirect"             },
    {308, "Permanent Redirect"             },
    {400, "Bad Request"                    },
    {401, "Unauthorized"                   },
    {403, "Forbidden"                      },
    {404, "Not Found"                      },
    {405, "Method Not Allowed"             },
    {406, "Not Acceptable"                 },
    {408, "Request Timeout"                },
    {409, "Conflict"                       },
    {410, "Gone"                           },
    {413, "Content Too Large"              },
    {414, "URI Too Long"                   },
    {415, "Unsupported Media Type"         },
    {417, "Expectation Failed"             },
    {421, "Misdirected Request"            },
    {422, "Unprocessable Content"          },
    {429, "Too Many Requests"              },
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"          },
    {501, "Not Implemented"                },
    {502, "Bad Gateway"                    },
    {503, "Service Unavailable"            },
    {505, "HTTP Version Not Supported"     },
    {507, "Insufficient Storage"           },
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown"; /* RFC 9112 4: for people only */
}

bool http_status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void write_length(struct bytes *out, const struct http_response *response,
                         const struct http_manner *manner)
{
    switch (manner->pieces) {
    case PIECES_NONE: bytes_print(out, "Content-Length: %zu\r\n", response->body.len); break;
    case PIECES_LENGTH:
        bytes_print(out, "Content-Length: %lld\r\n", (long long)response->length);
        break;
    case PIECES_CHUNKED: bytes_add_text(out, "Transfer-Encoding: chunked\r\n"); break;
    case PIECES_UNTIL_CLOSE: break;
    }
}

void http_write_head(struct bytes *out, const struct http_response *response,
                     const struct http_manner *manner, int64_t now_ms)
{
    char date[DATE_TEXT_SIZE];
    int status = response->status ? response->status : 500;

    date_http(now_ms, date);
    bytes_print(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason_of(status), date);
    bytes_add(out, bytes_slice(&response->fields));
    if (http_status_has_body(status))
        write_length(out, response, manner);
    bytes_print(out, "Connection: %s\r\n\r\n", manner->keep ? "keep-alive" : "close");
}

void http_write_piece(struct bytes *out, struct slice piece, const struct http_manner *manner)
{
    if (manner->head_only || piece.len == 0) /* an empty chunk would end the body */
        return;
    if (manner->pieces == PIECES_CHUNKED)
        bytes_print(out, "%zx\r\n", piece.len);
    bytes_add(out, piece);
    if (manner->pieces == PIECES_CHUNKED)
        bytes_add_text(out, "\r\n");
}

void http_write_end(struct bytes *out, const struct http_manner *manner)
{
    if (manner->pieces == PIECES_CHUNKED && !manner->head_only)
        bytes_add_text(out, "0\r\n\r\n");
}
