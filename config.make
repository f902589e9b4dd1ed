# Configures CMake against this nginx, and adds to its Makefile what `make modules` and
# `make install` do. nginx's own compiler options carry over, except the C standard.

case "$NGX_OBJS" in
    /*) dns_tools_objs=$NGX_OBJS ;;
    *) dns_tools_objs=$PWD/$NGX_OBJS ;;
esac

dns_tools_cxx_opt=
for dns_tools_opt in $NGX_CC_OPT; do
    case "$dns_tools_opt" in
        -std=* | -ansi) ;;
        *) dns_tools_cxx_opt="$dns_tools_cxx_opt $dns_tools_opt" ;;
    esac
done

echo "configuring $ngx_addon_dir with CMake"
cmake -S "$ngx_addon_dir" -B "$dns_tools_objs/dns_tools" \
    -DNGINX_SOURCE_DIR="$PWD" \
    -DNGINX_OBJS_DIR="$dns_tools_objs" \
    -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$dns_tools_objs" \
    -DCMAKE_CXX_FLAGS="$dns_tools_cxx_opt" \
    -DCMAKE_MODULE_LINKER_FLAGS="$NGX_LD_OPT" \
    >"$dns_tools_objs/dns_tools.log" 2>&1 \
    || { cat "$dns_tools_objs/dns_tools.log"; exit 1; }

cat << END                                                    >> $NGX_MAKEFILE

modules:	ngx_http_dns_tools_module
install:	ngx_http_dns_tools_module_install

ngx_http_dns_tools_module:
	+cmake --build '$dns_tools_objs/dns_tools' --target ngx_http_dns_tools_module

ngx_http_dns_tools_module_install:	ngx_http_dns_tools_module
	mkdir -p '\$(DESTDIR)$NGX_MODULES_PATH'
	cp '$dns_tools_objs/ngx_http_dns_tools_module.so' '\$(DESTDIR)$NGX_MODULES_PATH'

.PHONY:	ngx_http_dns_tools_module ngx_http_dns_tools_module_install

END
