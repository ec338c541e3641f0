// Why this exists: libxml2's parser and XPath for Swift. Nothing is defined here, only included.
#pragma once
#include <libxml/parser.h>
#include <libxml/xpath.h>
