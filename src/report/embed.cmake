# The page and what it needs, compiled into pact_report; report.cc puts them together.
find_file(PACT_CHART_JS NAMES chart.min.js Chart.min.js
          PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist
          DOC "Chart.js 3.x, minified, as one file" NO_DEFAULT_PATH)
if(NOT PACT_CHART_JS)
  message(FATAL_ERROR "Chart.js was not found. Install the Debian package libjs-chart.js, or give a "
                      "chart.min.js of version 3 by -DPACT_CHART_JS=FILE.")
endif()
pact_embed(pact_report chart_js ${PACT_CHART_JS})
foreach(name report_html report_css format_js runs_js charts_js histograms_js tables_js report_js
        accelerate_html accelerate_js sweep_html sweep_js figures_js)
  string(REPLACE "_" "." file ${name})
  pact_embed(pact_report ${name} ${CMAKE_CURRENT_LIST_DIR}/page/${file})
endforeach()
