/* source_reading.h - what a request says about how a source's messages are read: the name of a
 * format, or the text of a mapping. */
#pragma once

struct api_call;
struct source_reading;

#define SOURCE_FORMAT_SIZE 64

/* Members 'format' and 'mapping' of the JSON body, at most one of them; none: our own shape.
 * 'ret_format' holds the format's name for *ret, the text is borrowed from the body. -1: the
 * problem is set. */
int source_reading_take(struct api_call *call, char ret_format[SOURCE_FORMAT_SIZE],
                        struct source_reading *ret);
