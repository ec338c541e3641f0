// Why this exists: libxml2's parser and XPath for Swift. Nothing is defined here, only included.
#pragma once
// Without ICU: Debian's headers of it and Foundation's say the same names in two ways, and what imports both does not compile
// in every order of its files. It is only the layout of a handler of encodings, which nobody here looks into.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/xpath.h>
