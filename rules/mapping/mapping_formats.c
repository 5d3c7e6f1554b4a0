/* mapping_formats.c - see mapping_formats.h. */
#include "rules/mapping/mapping_formats.h"

#include <string.h>

#include "common/yaml.h"
#include "rules/mapping/formats/alertmanager.yaml.h"
#include "rules/mapping/formats/cloudevents.yaml.h"
#include "rules/mapping/formats/grafana.yaml.h"
#include "rules/mapping/formats/icinga2.yaml.h"
#include "rules/mapping/formats/nagios.yaml.h"
#include "rules/mapping/formats/redfish.yaml.h"
#include "rules/mapping/formats/zabbix-export.yaml.h"
#include "rules/mapping/formats/zabbix.yaml.h"

const struct mapping_format mapping_formats[] = {
    {"alertmanager", ALERTMANAGER_YAML},
    {"cloudevents", CLOUDEVENTS_YAML},
    {"grafana", GRAFANA_YAML},
    {"icinga2", ICINGA2_YAML},
    {"nagios", NAGIOS_YAML},
    {"redfish", REDFISH_YAML},
    {"zabbix", ZABBIX_YAML},
    {"zabbix-export", ZABBIX_EXPORT_YAML},
};
#define FORMAT_COUNT (sizeof(mapping_formats) / sizeof(mapping_formats[0]))
const size_t mapping_format_count = FORMAT_COUNT;

const struct mapping_format *mapping_format_find(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(mapping_formats[i].name, name) == 0)
            return &mapping_formats[i];
    return NULL;
}

const char *mapping_format_nearest(const char *name)
{
    const char *names[FORMAT_COUNT + 2];

    for (size_t i = 0; i < FORMAT_COUNT; i++)
        names[i] = mapping_formats[i].name;
    names[FORMAT_COUNT] = "muster";
    names[FORMAT_COUNT + 1] = NULL;
    return yaml_nearest(name, names);
}
