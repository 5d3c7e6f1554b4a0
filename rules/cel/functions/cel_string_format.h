/* cel_string_format.h - 'text'.format([...]). */
#pragma once

#include "rules/cel/functions/cel_standard.h"

CEL_FUNCTION(cel_string_format);
